package io.miststream.cli;

import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedKeyManager;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The key and the certificates that the server shows over TLS, of files, as they are now: what was
 * renewed is shown to whoever connects from then on. Connections that are open stay.
 */
final class TlsFiles implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(TlsFiles.class);
  private static final Pattern PEM_KEY =
      Pattern.compile("-----BEGIN ([A-Z ]*PRIVATE KEY)-----([^-]+)-----END");
  private static final Map<String, String> SIGNATURES =
      Map.of("RSA", "SHA256withRSA", "EC", "SHA256withECDSA", "EdDSA", "EdDSA");

  /** Reads it all. */
  private interface Source {
    X509ExtendedKeyManager read() throws IOException, GeneralSecurityException;
  }

  private final String where;
  private final Source source;
  private final List<FileWatch> watches = new ArrayList<>();
  private volatile X509ExtendedKeyManager now;

  private TlsFiles(String where, Source source, List<Path> files) {
    this.where = where;
    this.source = source;
    try {
      now = source.read();
    } catch (IOException | GeneralSecurityException e) {
      throw new ConfigException(where + ": cannot be used: " + e.getMessage());
    }
    files.forEach(file -> watches.add(new FileWatch(file, "mist-tls", this::readAgain)));
  }

  /**
   * Reads what the settings name.
   *
   * @return null if they name nothing
   * @throws ConfigException if it is not all there, is wrong, or others can read the key
   */
  static @Nullable TlsFiles open(Settings settings) {
    Path certificates = settings.path(Setting.TLS_CERT);
    Path key = settings.path(Setting.TLS_KEY);
    Path store = settings.path(Setting.TLS_KEYSTORE);
    Path password = settings.path(Setting.TLS_KEYSTORE_PASSWORD_FILE);
    if ((certificates == null) != (key == null) || (store == null) != (password == null)) {
      throw new ConfigException(
          "--tls-cert goes with --tls-key, and --tls-keystore with --tls-keystore-password-file");
    }
    if (certificates != null && store != null) {
      throw new ConfigException("either --tls-cert and --tls-key or --tls-keystore is enough");
    }
    if (certificates != null && key != null) {
      return new TlsFiles(
          certificates + " and " + key,
          () -> manager(pem(certificates, key), new char[0]),
          List.of(certificates, key));
    }
    if (store != null && password != null) {
      return new TlsFiles(
          store.toString(),
          () -> {
            char[] text =
                new String(SecretFile.read(password), StandardCharsets.UTF_8)
                    .stripTrailing()
                    .toCharArray();
            return manager(KeyStore.getInstance(store.toFile(), text), text);
          },
          List.of(store, password));
    }
    return null;
  }

  private static X509ExtendedKeyManager manager(KeyStore store, char[] password)
      throws GeneralSecurityException {
    boolean hasKey = false;
    for (String alias : Collections.list(store.aliases())) {
      hasKey |= store.isKeyEntry(alias);
    }
    if (!hasKey) {
      throw new GeneralSecurityException("there is no private key in it");
    }
    KeyManagerFactory factory =
        KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    factory.init(store, password);
    for (KeyManager manager : factory.getKeyManagers()) {
      if (manager instanceof X509ExtendedKeyManager found) {
        return found;
      }
    }
    throw new GeneralSecurityException("this Java has no key manager for it");
  }

  private static KeyStore pem(Path certificates, Path keyFile)
      throws IOException, GeneralSecurityException {
    List<Certificate> chain;
    try (InputStream in = Files.newInputStream(certificates)) {
      chain = List.copyOf(CertificateFactory.getInstance("X.509").generateCertificates(in));
    }
    if (chain.isEmpty()) {
      throw new GeneralSecurityException("there is no certificate in " + certificates);
    }
    PublicKey shown = chain.get(0).getPublicKey();
    PrivateKey key = key(keyFile, shown.getAlgorithm());
    checkPair(key, shown, keyFile);
    warnIfExpired((X509Certificate) chain.get(0), certificates);
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    store.setKeyEntry("mist-stream", key, new char[0], chain.toArray(Certificate[]::new));
    return store;
  }

  /** Not a reason to stay away: who has to renew it may need the logs. */
  private static void warnIfExpired(X509Certificate certificate, Path file) {
    if (certificate.getNotAfter().toInstant().isBefore(Instant.now())) {
      LOG.warn("the certificate in {} has expired on {}", file, certificate.getNotAfter());
    }
  }

  private static PrivateKey key(Path file, String algorithm)
      throws IOException, GeneralSecurityException {
    Matcher pem = PEM_KEY.matcher(new String(SecretFile.read(file), StandardCharsets.ISO_8859_1));
    if (!pem.find() || !pem.group(1).equals("PRIVATE KEY")) {
      throw new GeneralSecurityException(
          "the key is not in the form that begins with -----BEGIN PRIVATE KEY-----; convert it with"
              + " openssl pkcs8 -topk8 -nocrypt -in KEY -out NEW");
    }
    byte[] encoded = Base64.getMimeDecoder().decode(pem.group(2));
    return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(encoded));
  }

  private static void checkPair(PrivateKey key, PublicKey shown, Path file)
      throws GeneralSecurityException {
    String algorithm = SIGNATURES.get(shown.getAlgorithm());
    if (algorithm == null) {
      throw new GeneralSecurityException("keys of " + shown.getAlgorithm() + " are not known");
    }
    Signature signature = Signature.getInstance(algorithm);
    signature.initSign(key);
    signature.update((byte) 1);
    byte[] signed = signature.sign();
    signature.initVerify(shown);
    signature.update((byte) 1);
    if (!signature.verify(signed)) {
      throw new GeneralSecurityException(file + " is not the key of the first certificate");
    }
  }

  private void readAgain() {
    try {
      now = source.read();
      LOG.info("{}: read again", where);
    } catch (IOException | GeneralSecurityException | ConfigException e) {
      LOG.warn("{} cannot be used, what was there before holds: {}", where, e.getMessage());
    }
  }

  /** What the server shows. */
  SSLContext context() {
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(new KeyManager[] {new Current()}, null, null);
      return context;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java has TLS", e);
    }
  }

  /** Asks whatever was read last. */
  private final class Current extends X509ExtendedKeyManager {
    @Override
    public String @Nullable [] getClientAliases(String type, Principal @Nullable [] issuers) {
      return null;
    }

    @Override
    public @Nullable String chooseClientAlias(
        String[] types, Principal @Nullable [] issuers, @Nullable Socket socket) {
      return null;
    }

    @Override
    public String @Nullable [] getServerAliases(String type, Principal @Nullable [] issuers) {
      return now.getServerAliases(type, issuers);
    }

    @Override
    public @Nullable String chooseServerAlias(
        String type, Principal @Nullable [] issuers, @Nullable Socket socket) {
      return now.chooseServerAlias(type, issuers, socket);
    }

    @Override
    public @Nullable String chooseEngineServerAlias(
        String type, Principal @Nullable [] issuers, @Nullable SSLEngine engine) {
      return now.chooseEngineServerAlias(type, issuers, engine);
    }

    @Override
    public X509Certificate @Nullable [] getCertificateChain(String alias) {
      return now.getCertificateChain(alias);
    }

    @Override
    public @Nullable PrivateKey getPrivateKey(String alias) {
      return now.getPrivateKey(alias);
    }
  }

  @Override
  public void close() {
    watches.forEach(FileWatch::close);
  }
}
