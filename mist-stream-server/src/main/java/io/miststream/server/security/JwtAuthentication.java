package io.miststream.server.security;

import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jwt.JWTClaimsSet;
import java.security.Principal;
import java.text.ParseException;
import java.time.Instant;
import java.util.Collection;
import java.util.HashSet;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tokens that somebody else gives out, such as Mist: JWTs with an {@code exp} and what Mist's have,
 * {@code user_id}, {@code email} and {@code role}. {@code owner} and {@code admin} may do
 * everything. For others {@code apps}, a list of ids or {@code "all"}, says what they may see;
 * those whose role is {@code deployer} may also deploy it; and {@code "metrics": true} adds the
 * host. Without these claims they may do nothing. Clocks may differ by 30 s. Thread-safe.
 */
public final class JwtAuthentication implements Authenticator, AccessPolicy {
  private static final Logger LOG = LoggerFactory.getLogger(JwtAuthentication.class);
  private static final String ALL_APPS = "all";

  private final JwtReader reader;
  private final Supplier<?> keys;

  /**
   * Who has shown a token.
   *
   * @param readWith the keys that the token was last read with
   */
  private record Holder(
      String name,
      Grant grant,
      Instant expires,
      String token,
      JwtAuthentication home,
      AtomicReference<Object> readWith)
      implements Identity {

    @Override
    public String getName() {
      return name;
    }

    @Override
    public boolean isValid() {
      return Instant.now().isBefore(expires.plusSeconds(JwtReader.CLOCK_SKEW_SECONDS))
          && isSigned();
    }

    /** Whether by one of the keys that there are now; looked at only when they are other ones. */
    private boolean isSigned() {
      Object now = home.keys.get();
      if (now != readWith.get()) {
        if (home.reader.read(token) == null) {
          return false;
        }
        readWith.set(now);
      }
      return true;
    }
  }

  private JwtAuthentication(JwtReader reader, Supplier<?> keys) {
    this.reader = reader;
    this.keys = keys;
  }

  /**
   * Tokens signed with a shared secret: HS256, no other algorithm.
   *
   * @param secret 32 bytes or more
   * @throws IllegalArgumentException if it is shorter
   */
  public static JwtAuthentication withSecret(byte[] secret) {
    return new JwtAuthentication(
        JwtReader.secret(secret, JwtReader.CLOCK_SKEW_SECONDS), () -> secret);
  }

  /**
   * Tokens signed with one of a set of keys: RS256 and ES256, no other algorithm.
   *
   * @param keys a JSON Web Key Set (RFC 7517), as it is now; asked for each token, and again and
   *     again while it is in use, answers from memory. Tokens of a key that is no longer in it are
   *     good no longer. If it becomes something else, the last one holds
   * @throws IllegalArgumentException if what it is now is none, or has no key
   */
  public static JwtAuthentication withKeys(Supplier<String> keys) {
    Keys parsed = new Keys(keys);
    if (parsed.get().getKeys().isEmpty()) {
      throw new IllegalArgumentException("there is no key in the key set");
    }
    return new JwtAuthentication(JwtReader.keys(parsed, JwtReader.CLOCK_SKEW_SECONDS), parsed);
  }

  /** Parses the keys when they are other ones. */
  private static final class Keys implements Supplier<JWKSet> {
    private final Supplier<String> source;
    private volatile Parsed parsed = new Parsed("", new JWKSet());

    private record Parsed(String text, JWKSet keys) {}

    Keys(Supplier<String> source) {
      this.source = source;
    }

    @Override
    public JWKSet get() {
      String text = source.get();
      Parsed known = parsed;
      if (!text.equals(known.text)) {
        try {
          known = new Parsed(text, JWKSet.parse(text).toPublicJWKSet());
        } catch (ParseException e) {
          if (known.keys.isEmpty()) {
            throw new IllegalArgumentException("not a JSON Web Key Set: " + e.getMessage(), e);
          }
          LOG.warn("not a JSON Web Key Set, the keys stay as they were: {}", e.getMessage());
          known = new Parsed(text, known.keys);
        }
        parsed = known;
      }
      return known.keys;
    }
  }

  @Override
  public @Nullable Identity authenticate(String token) {
    Object readWith = keys.get();
    JWTClaimsSet claims = reader.read(token);
    if (claims == null) {
      return null;
    }
    String name =
        Stream.of("email", "sub", "user_id")
            .map(claims::getClaim)
            .filter(Objects::nonNull)
            .map(Object::toString)
            .filter(text -> !text.isBlank())
            .findFirst()
            .orElse("");
    return name.isEmpty()
        ? null
        : new Holder(
            name,
            grant(claims),
            claims.getExpirationTime().toInstant(),
            token,
            this,
            new AtomicReference<>(readWith));
  }

  private static Grant grant(JWTClaimsSet claims) {
    Object role = claims.getClaim("role");
    return new Grant(
        switch (role instanceof String text ? text.toLowerCase(Locale.ROOT) : "") {
          case "owner", "admin" -> Grant.Role.ADMIN;
          case "deployer" -> Grant.Role.DEPLOYER;
          default -> Grant.Role.VIEWER;
        },
        apps(claims.getClaim("apps")),
        Boolean.TRUE.equals(claims.getClaim("metrics")));
  }

  private static @Nullable Set<Long> apps(@Nullable Object claim) {
    if (ALL_APPS.equals(claim)) {
      return null;
    }
    Set<Long> apps = new HashSet<>();
    if (claim instanceof Collection<?> list) {
      for (Object one : list) {
        if (one instanceof Long || one instanceof Integer) {
          apps.add(((Number) one).longValue());
        }
      }
    }
    return apps;
  }

  @Override
  public boolean allows(@Nullable Principal user, Action action, long appId) {
    return user instanceof Holder holder && holder.grant.covers(action, appId);
  }
}
