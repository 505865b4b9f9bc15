package io.miststream.core;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Why a deployment failed. Unlike a {@link StreamError} it is a part of the stream: the final
 * status follows.
 *
 * @param timestamp when it failed
 * @param cursor its place in the deployment's journal
 * @param message in words a user can act on
 */
public record DeploymentError(Instant timestamp, @Nullable Cursor cursor, String message)
    implements StreamMessage {}
