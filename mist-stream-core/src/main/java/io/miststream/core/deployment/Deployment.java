package io.miststream.core.deployment;

import io.miststream.core.DeploymentStage;
import io.miststream.core.DeploymentState;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A deployment as its journal has it at a moment.
 *
 * @param id a positive number, larger than those of all before it
 * @param appId the app that is deployed
 * @param state how far it is
 * @param stage what it is busy with, or was when it ended
 * @param progress in percent
 * @param message what was said last for people
 * @param errorMessage why it failed, else empty
 * @param createdAt when it was asked for
 * @param finishedAt when it ended, null before that
 * @param durationMillis how long it took from its turn to its end, null before that
 */
public record Deployment(
    long id,
    long appId,
    DeploymentState state,
    DeploymentStage stage,
    int progress,
    String message,
    String errorMessage,
    Instant createdAt,
    @Nullable Instant finishedAt,
    @Nullable Long durationMillis) {}
