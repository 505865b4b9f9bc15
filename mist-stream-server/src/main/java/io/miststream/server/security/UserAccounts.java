package io.miststream.server.security;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.Principal;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Date;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.Semaphore;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Users with passwords. Who has logged in shows a token (a JWT, HS256), which is good for a while,
 * but not for longer than the account is there with the same password. What somebody may do is
 * looked up in the account each time. Thread-safe.
 */
public final class UserAccounts implements Authenticator, AccessPolicy, Login {
  private static final String PASSWORD_STAMP = "pwd";
  private static final String ROLE = "role";
  // Each takes 19 MiB or more.
  private static final int HASHED_AT_ONCE = 2;
  // For names that nobody has, so that they take as long.
  private static final String NOBODY = Passwords.hash(UUID.randomUUID().toString());

  private final Supplier<Map<String, Account>> accounts;
  private final byte[] key;
  private final Duration lifetime;
  private final JwtReader reader;
  private final Semaphore hashing = new Semaphore(HASHED_AT_ONCE, true);

  private record User(String name, String stamp, Instant expires, UserAccounts home)
      implements Identity {
    @Override
    public String getName() {
      return name;
    }

    @Override
    public boolean isValid() {
      Account account = home.accounts.get().get(name);
      return Instant.now().isBefore(expires)
          && account != null
          && stamp.equals(stampOf(account.passwordHash()));
    }
  }

  /**
   * Accounts.
   *
   * @param accounts by name, as they are now; asked again and again, answers from memory
   * @param key signs tokens: 32 bytes or more that nobody else knows; with another key those given
   *     out before are good no longer
   * @param lifetime how long a token is good, positive
   * @throws IllegalArgumentException if the key is too short or the time not positive
   */
  public UserAccounts(Supplier<Map<String, Account>> accounts, byte[] key, Duration lifetime) {
    if (lifetime.isZero() || lifetime.isNegative()) {
      throw new IllegalArgumentException("lifetime must be positive");
    }
    this.accounts = accounts;
    this.key = key.clone();
    this.lifetime = lifetime;
    this.reader = JwtReader.secret(key);
  }

  @Override
  public @Nullable Identity authenticate(String token) {
    JWTClaimsSet claims = reader.read(token);
    if (claims == null) {
      return null;
    }
    User user =
        new User(
            Objects.toString(claims.getSubject(), ""),
            Objects.toString(claims.getClaim(PASSWORD_STAMP), ""),
            claims.getExpirationTime().toInstant(),
            this);
    return user.isValid() ? user : null;
  }

  @Override
  public boolean allows(@Nullable Principal user, Action action, long appId) {
    Account account = user instanceof User known ? accounts.get().get(known.name) : null;
    return account != null && account.grant().covers(action, appId);
  }

  @Override
  public @Nullable Token login(String name, String password) {
    Account account = accounts.get().get(name);
    hashing.acquireUninterruptibly();
    boolean right;
    try {
      right = Passwords.matches(password, account == null ? NOBODY : account.passwordHash());
    } finally {
      hashing.release();
    }
    return right && account != null ? token(account) : null;
  }

  private Token token(Account account) {
    Instant now = Instant.now();
    Instant expires = Instant.ofEpochSecond(now.plus(lifetime).getEpochSecond());
    JWTClaimsSet claims =
        new JWTClaimsSet.Builder()
            .subject(account.name())
            .claim(ROLE, account.grant().role().word())
            .claim(PASSWORD_STAMP, stampOf(account.passwordHash()))
            .jwtID(UUID.randomUUID().toString())
            .issueTime(Date.from(now))
            .expirationTime(Date.from(expires))
            .build();
    SignedJWT jwt = new SignedJWT(new JWSHeader(JWSAlgorithm.HS256), claims);
    try {
      jwt.sign(new MACSigner(key));
    } catch (JOSEException e) {
      throw new IllegalStateException("a token cannot be signed", e);
    }
    return new Token(jwt.serialize(), expires);
  }

  /** Tells one password of an account from the next, and nothing else. */
  private static String stampOf(String passwordHash) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256")
              .digest(passwordHash.getBytes(StandardCharsets.UTF_8));
      return Base64.getUrlEncoder().withoutPadding().encodeToString(digest).substring(0, 16);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
