/** Benchmarks of what is package-private in core. */
@NullUnmarked
package io.miststream.core.topic;

import org.jspecify.annotations.NullUnmarked;
