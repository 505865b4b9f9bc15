/** Benchmarks of what is package-private in the Docker module. */
@NullUnmarked
package io.miststream.docker;

import org.jspecify.annotations.NullUnmarked;
