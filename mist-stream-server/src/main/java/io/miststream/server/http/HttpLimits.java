package io.miststream.server.http;

import java.time.Duration;

/**
 * Limits of requests and answers.
 *
 * @param maxEventBytes most bytes of events that are reported at once
 * @param bodyPause how long a client may pause within the body of a request
 * @param stall how long a client may leave an answer unread
 * @param maxDownloads most downloads of logs at once
 * @param maxDownloadsEach most of them of one user, or of one address where nobody has a name
 * @param maxDownloadBytes most bytes of one
 */
public record HttpLimits(
    int maxEventBytes,
    Duration bodyPause,
    Duration stall,
    int maxDownloads,
    int maxDownloadsEach,
    long maxDownloadBytes) {

  /** The defaults that {@code MistStreamServer} documents. */
  public static final HttpLimits DEFAULT =
      new HttpLimits(16 << 20, Duration.ofSeconds(30), Duration.ofMinutes(5), 16, 4, 1L << 30);

  /** How long all of a body may take. */
  Duration bodyTime() {
    return bodyPause.multipliedBy(10);
  }
}
