/** The WebSocket endpoints and the stand-alone server around them. */
@NullMarked
package io.miststream.server;

import org.jspecify.annotations.NullMarked;
