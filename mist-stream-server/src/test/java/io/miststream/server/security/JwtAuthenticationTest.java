package io.miststream.server.security;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSSigner;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("jdk")
class JwtAuthenticationTest {
  private static final byte[] SECRET =
      "a secret of more than 32 bytes, as it must be".getBytes(UTF_8);

  private static ECKey key() throws Exception {
    return new ECKeyGenerator(Curve.P_256).generate();
  }

  private static String token(JWSAlgorithm algorithm, JWSSigner signer, Instant expires)
      throws Exception {
    SignedJWT jwt =
        new SignedJWT(
            new JWSHeader(algorithm),
            new JWTClaimsSet.Builder().subject("ann").expirationTime(Date.from(expires)).build());
    jwt.sign(signer);
    return jwt.serialize();
  }

  private static String token(ECKey key) throws Exception {
    return token(JWSAlgorithm.ES256, new ECDSASigner(key), Instant.now().plusSeconds(600));
  }

  private static String set(ECKey... keys) {
    return new JWKSet(List.<JWK>of(keys)).toString();
  }

  @Test
  void whoCameInWithAKeyThatIsTakenOutIsToGo() throws Exception {
    ECKey old = key();
    ECKey next = key();
    AtomicReference<String> keys = new AtomicReference<>(set(old));
    JwtAuthentication authentication = JwtAuthentication.withKeys(keys::get);
    Identity ann = Objects.requireNonNull(authentication.authenticate(token(old)));
    assertThat(ann.isValid()).isTrue();
    assertThat(authentication.authenticate(token(next))).isNull();

    keys.set(set(old, next));
    assertThat(ann.isValid()).as("with another key beside it").isTrue();
    Identity bob = Objects.requireNonNull(authentication.authenticate(token(next)));

    keys.set("no key set");
    assertThat(ann.isValid()).as("with the last keys that there were").isTrue();

    keys.set(set(next));
    assertThat(ann.isValid()).isFalse();
    assertThat(ann.isValid()).as("asked again").isFalse();
    assertThat(bob.isValid()).isTrue();
    assertThat(authentication.authenticate(token(old))).isNull();

    keys.set(set(old));
    assertThat(ann.isValid()).as("with its key back").isTrue();
  }

  @Test
  void clocksMayDifferBy30Seconds() throws Exception {
    JwtAuthentication authentication = JwtAuthentication.withSecret(SECRET);
    JWSSigner signer = new MACSigner(SECRET);
    Instant now = Instant.now();
    assertThat(authentication.authenticate(token(JWSAlgorithm.HS256, signer, now.minusSeconds(20))))
        .matches(Identity::isValid);
    assertThat(authentication.authenticate(token(JWSAlgorithm.HS256, signer, now.minusSeconds(32))))
        .isNull();
  }

  @Test
  void withoutKeysNothingBegins() {
    assertThatThrownBy(() -> JwtAuthentication.withKeys(() -> "{\"keys\":[]}"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("there is no key in the key set");
    assertThatThrownBy(() -> JwtAuthentication.withKeys(() -> "no key set"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("not a JSON Web Key Set: ");
    assertThatThrownBy(() -> JwtAuthentication.withSecret(new byte[31]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("32 bytes or more");
  }
}
