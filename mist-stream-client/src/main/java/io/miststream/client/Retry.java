package io.miststream.client;

import io.miststream.core.StreamException;
import java.time.Duration;

/**
 * A connection could not be made or was lost, and will be tried again.
 *
 * @param attempt which attempt in a row the next one is, from 1
 * @param delay how long until then
 * @param cause what went wrong
 */
public record Retry(int attempt, Duration delay, StreamException cause) {}
