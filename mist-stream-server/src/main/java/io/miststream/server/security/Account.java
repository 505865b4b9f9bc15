package io.miststream.server.security;

/**
 * A user of {@link UserAccounts}.
 *
 * @param name as it is typed, and as it is shown
 * @param passwordHash as {@link Passwords#hash} makes it
 * @param grant what they may do
 */
public record Account(String name, String passwordHash, Grant grant) {

  /** Without the hash. */
  @Override
  public String toString() {
    return name + " " + grant;
  }
}
