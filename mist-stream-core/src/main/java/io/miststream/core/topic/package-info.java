/** Fan-out: one read of a source, a ring of ready-made frames, and viewers as positions in it. */
@NullMarked
package io.miststream.core.topic;

import org.jspecify.annotations.NullMarked;
