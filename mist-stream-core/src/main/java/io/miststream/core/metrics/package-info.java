/**
 * What a host and its containers use, sampled once however many watch; who lags gets the newest.
 */
@NullMarked
package io.miststream.core.metrics;

import org.jspecify.annotations.NullMarked;
