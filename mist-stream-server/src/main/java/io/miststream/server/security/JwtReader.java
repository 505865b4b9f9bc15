package io.miststream.server.security;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.proc.BadJOSEException;
import com.nimbusds.jose.proc.JWSKeySelector;
import com.nimbusds.jose.proc.JWSVerificationKeySelector;
import com.nimbusds.jose.proc.SecurityContext;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.proc.DefaultJWTClaimsVerifier;
import com.nimbusds.jwt.proc.DefaultJWTProcessor;
import java.text.ParseException;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import javax.crypto.SecretKey;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * Reads JSON Web Tokens that are signed by one of a fixed list of algorithms and have an expiry
 * (RFC 7519, and RFC 8725 for what to be careful about). Thread-safe.
 */
final class JwtReader {
  /** Longest token, in characters. */
  private static final int MAX_LENGTH = 8192;

  /** By how much the clock of who has issued a token may differ from ours. */
  static final int CLOCK_SKEW_SECONDS = 30;

  private static final int MIN_SECRET_BYTES = 32; // RFC 7518, section 3.2

  private final DefaultJWTProcessor<SecurityContext> processor = new DefaultJWTProcessor<>();

  private JwtReader(JWSKeySelector<SecurityContext> keys, int skew) {
    processor.setJWSKeySelector(keys);
    DefaultJWTClaimsVerifier<SecurityContext> verifier =
        new DefaultJWTClaimsVerifier<>(null, Set.of("exp"));
    verifier.setMaxClockSkew(skew);
    processor.setJWTClaimsSetVerifier(verifier);
  }

  /**
   * One that takes HS256 alone.
   *
   * @throws IllegalArgumentException if the secret is too short
   */
  static JwtReader secret(byte[] secret) {
    return secret(secret, 0);
  }

  static JwtReader secret(byte[] secret, int skewSeconds) {
    if (secret.length < MIN_SECRET_BYTES) {
      throw new IllegalArgumentException(
          "a secret for HS256 must have " + MIN_SECRET_BYTES + " bytes or more");
    }
    SecretKey key = new SecretKeySpec(secret, "HmacSHA256");
    return new JwtReader(
        // Whatever the issuer calls its key.
        (header, context) ->
            header.getAlgorithm().equals(JWSAlgorithm.HS256) ? List.of(key) : List.of(),
        skewSeconds);
  }

  /** One that takes RS256 and ES256 alone, so that a public key never serves as a secret. */
  static JwtReader keys(Supplier<JWKSet> keys, int skewSeconds) {
    return new JwtReader(
        new JWSVerificationKeySelector<>(
            Set.of(JWSAlgorithm.RS256, JWSAlgorithm.ES256),
            (selector, context) -> selector.select(keys.get())),
        skewSeconds);
  }

  /** What a token says, null if it is to be believed nothing. */
  @Nullable JWTClaimsSet read(String token) {
    if (token.length() > MAX_LENGTH) {
      return null;
    }
    try {
      return processor.process(token, null);
    } catch (ParseException | BadJOSEException | JOSEException | RuntimeException e) {
      return null; // whatever is wrong with it, and whatever the library thinks of it
    }
  }
}
