package io.miststream.core;

import java.util.concurrent.Flow;

/**
 * Produces the logs of an app's containers.
 *
 * <p>The publisher is cold: each subscription is one read of its own. It sends
 *
 * <ol>
 *   <li>a {@link ContainerStatus} for each container, then
 *   <li>the history the request asks for, oldest line first, each {@link LogLine} with the cursor
 *       behind it, then
 *   <li>unless {@link Follow#NONE}, what follows, with a {@link ContainerStatus} at each change of
 *       state, between the lines of two runs at the latest, and a {@link Gap} wherever lines are
 *       known or suspected to be missing, then
 *   <li>a {@link StreamEnd} whose cursor is behind everything the read has passed, filtered lines
 *       included, and {@code onComplete}. With {@link Follow#CONTAINER} it stands behind the status
 *       that tells the end of the last run, or before the one that tells of another run already.
 * </ol>
 *
 * <p>With {@link LogRequest#after()} it sends exactly the lines behind that cursor; where some of
 * them cannot be had any more, a {@link Gap} stands in their place.
 *
 * <p>What cannot be read is {@code onError} with a {@link StreamException}: {@link
 * ErrorCode#CONTAINER_NOT_FOUND}, {@link ErrorCode#CONTAINER_NOT_RUNNING} (behind the statuses),
 * {@link ErrorCode#LOGS_NOT_READABLE}, {@link ErrorCode#SOURCE_UNAVAILABLE}.
 */
public interface LogSource {

  /**
   * The logs that {@code request} describes. Nothing connects until subscription; cancelling closes
   * the read.
   */
  Flow.Publisher<StreamMessage> logs(LogRequest request);

  /**
   * How often reads that went on have had to be begun anew so far, such as after a rotation, a
   * restart or a lost connection; 0 from a source that does not count.
   */
  default long reopenings() {
    return 0;
  }
}
