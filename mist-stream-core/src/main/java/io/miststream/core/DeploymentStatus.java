package io.miststream.core;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * How far a deployment is.
 *
 * @param timestamp when it got there
 * @param cursor its place in the deployment's journal
 * @param deploymentId a positive number
 * @param state pending, building, …
 * @param stage what it is busy with; of one that failed or was stopped, what it was busy with
 * @param progress in percent; never goes back
 * @param message for people, empty if there is nothing to say
 * @param errorMessage why it failed, else empty
 * @param appId the app that is deployed; null if the server does not say, as older ones do not
 * @param durationMillis how long it took, on the final status alone
 */
public record DeploymentStatus(
    Instant timestamp,
    @Nullable Cursor cursor,
    long deploymentId,
    DeploymentState state,
    DeploymentStage stage,
    int progress,
    String message,
    String errorMessage,
    @Nullable Long appId,
    @Nullable Long durationMillis)
    implements StreamMessage {}
