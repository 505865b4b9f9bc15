/** The wire form of a message: its JSON and the WebSocket frame around it. */
@NullMarked
package io.miststream.core.wire;

import org.jspecify.annotations.NullMarked;
