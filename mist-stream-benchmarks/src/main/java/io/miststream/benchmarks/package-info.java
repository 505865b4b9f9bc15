/**
 * Benchmarks: the product beside what could be used instead, in one run. {@link
 * io.miststream.benchmarks.Main} runs them; the servers and the load client are processes of their
 * own, each on a core of its own.
 */
@NullMarked
package io.miststream.benchmarks;

import org.jspecify.annotations.NullMarked;
