/** The {@code mist-stream} command. */
@NullMarked
package io.miststream.cli;

import org.jspecify.annotations.NullMarked;
