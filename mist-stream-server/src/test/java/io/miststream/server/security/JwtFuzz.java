package io.miststream.server.security;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.security.GeneralSecurityException;
import java.util.Base64;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** Input: a token of somebody who does not know the secret; also the claims of one who does. */
class JwtFuzz {
  private static final byte[] SECRET = "nobody-who-fuzzes-knows-this-secret".getBytes(UTF_8);
  private static final JwtAuthentication TOKENS = JwtAuthentication.withSecret(SECRET);
  private static final Base64.Encoder BASE64 = Base64.getUrlEncoder().withoutPadding();
  private static final String HEADER = BASE64.encodeToString("{\"alg\":\"HS256\"}".getBytes(UTF_8));

  public static void fuzzerTestOneInput(byte[] data) throws GeneralSecurityException {
    assertThat(TOKENS.authenticate(new String(data, ISO_8859_1))).isNull();
    Identity identity = TOKENS.authenticate(signed(data));
    if (identity != null) {
      assertThat(identity.getName()).isNotBlank();
      assertThat(identity.isValid()).isTrue();
      boolean mayAll = TOKENS.allows(identity, Action.DEPLOY, 1_234_567);
      String claims = new String(data, UTF_8).toLowerCase(java.util.Locale.ROOT);
      // Letters may be escaped in JSON, and nothing else stands for them.
      assertThat(mayAll && !claims.contains("\\u")).as(claims).isIn(false, mayBe(claims));
    }
  }

  private static boolean mayBe(String claims) {
    return claims.contains("owner")
        || claims.contains("admin")
        || (claims.contains("deployer") && (claims.contains("all") || claims.contains("1234567")));
  }

  private static String signed(byte[] claims) throws GeneralSecurityException {
    String content = HEADER + "." + BASE64.encodeToString(claims);
    Mac mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec(SECRET, "HmacSHA256"));
    return content + "." + BASE64.encodeToString(mac.doFinal(content.getBytes(UTF_8)));
  }
}
