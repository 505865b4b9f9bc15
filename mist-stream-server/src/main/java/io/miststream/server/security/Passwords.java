package io.miststream.server.security;

import com.password4j.Argon2Function;
import com.password4j.Password;
import com.password4j.types.Argon2;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Hashes of passwords: Argon2id (RFC 9106), with 19 MiB, two passes and one lane, which OWASP's
 * Password Storage Cheat Sheet gives as the least. A hash names its parameters, so that others are
 * read too.
 */
public final class Passwords {
  /** Shortest password that is taken for a new one, in characters. */
  public static final int MIN_LENGTH = 8;

  /** Longest password, in characters: hashing a long one takes long. */
  public static final int MAX_LENGTH = 1024;

  private static final Pattern HASH =
      Pattern.compile(
          "\\$argon2id\\$v=19\\$m=(\\d{1,9}),t=(\\d{1,9}),p=(\\d{1,9})"
              + "\\$[A-Za-z0-9+/]{11,128}\\$[A-Za-z0-9+/]{22,128}");
  // The library holds that much for each kind of hash for good.
  private static final int MAX_KIBIBYTES = 64 << 10;
  private static final int MAX_PASSES = 20;
  private static final int MAX_LANES = 4;

  private static final Argon2Function NEW = Argon2Function.getInstance(19_456, 2, 1, 32, Argon2.ID);

  static {
    System.setProperty("psw4j.banner", "false"); // it would greet us on standard output
  }

  private Passwords() {}

  /**
   * The hash of a new password.
   *
   * @throws IllegalArgumentException if it is shorter or longer than allowed
   */
  public static String hash(String password) {
    if (password.length() < MIN_LENGTH || password.length() > MAX_LENGTH) {
      throw new IllegalArgumentException(
          "a password must have " + MIN_LENGTH + " to " + MAX_LENGTH + " characters");
    }
    return Password.hash(password).addRandomSalt(16).with(NEW).getResult();
  }

  /**
   * What is wrong with a hash, empty if nothing. More than 64 MiB, 20 passes or 4 lanes are too
   * much.
   */
  public static String problem(String hash) {
    Matcher parts = HASH.matcher(hash);
    if (!parts.matches()) {
      return "is not a hash of a password in the form $argon2id$v=19$m=19456,t=2,p=1$SALT$HASH";
    }
    int memory = Integer.parseInt(parts.group(1));
    int passes = Integer.parseInt(parts.group(2));
    int lanes = Integer.parseInt(parts.group(3));
    return lanes < 1
            || lanes > MAX_LANES
            || memory < 8 * lanes
            || memory > MAX_KIBIBYTES
            || passes < 1
            || passes > MAX_PASSES
        ? "asks for more than 64 MiB, 20 passes or 4 lanes, or for less than Argon2 allows"
        : "";
  }

  /** Whether a password is the one of a hash. Takes some tens of milliseconds of CPU. */
  static boolean matches(String password, String hash) {
    return password.length() <= MAX_LENGTH
        && Password.check(password, hash).with(Argon2Function.getInstanceFromHash(hash));
  }
}
