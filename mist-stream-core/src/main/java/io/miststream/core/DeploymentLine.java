package io.miststream.core;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A line that a deployment printed, or a piece of one.
 *
 * @param timestamp when it was printed
 * @param cursor its place in the deployment's journal
 * @param line without its end; a piece is at most {@link LogLine#MAX_BYTES} bytes of UTF-8
 * @param stream where it was printed to
 * @param stage what the deployment was busy with
 * @param partial whether the next message goes on with the same line
 */
public record DeploymentLine(
    Instant timestamp,
    @Nullable Cursor cursor,
    String line,
    LogStream stream,
    DeploymentStage stage,
    boolean partial)
    implements StreamMessage {}
