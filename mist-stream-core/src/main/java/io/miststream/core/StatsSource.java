package io.miststream.core;

import java.util.concurrent.Flow;

/**
 * Produces what an app's containers use.
 *
 * <p>The publisher is cold: each subscription is one reading of its own. It sends
 *
 * <ol>
 *   <li>a {@link ContainerStatus} for each container, and again at each change of its state, then
 *   <li>a {@link ContainerStats} for each running container each second, then
 *   <li>when the last of them has stopped, its status, a {@link StreamEnd} and {@code onComplete}.
 * </ol>
 *
 * <p>What cannot be read is {@code onError} with a {@link StreamException}: {@link
 * ErrorCode#CONTAINER_NOT_FOUND}, {@link ErrorCode#CONTAINER_NOT_RUNNING} (behind the statuses),
 * {@link ErrorCode#SOURCE_UNAVAILABLE}.
 */
public interface StatsSource {

  /** The stats of an app. Nothing connects until subscription; cancelling closes the reading. */
  Flow.Publisher<StreamMessage> stats(long appId);
}
