/** Small programs to read and run. */
@NullMarked
package io.miststream.examples;

import org.jspecify.annotations.NullMarked;
