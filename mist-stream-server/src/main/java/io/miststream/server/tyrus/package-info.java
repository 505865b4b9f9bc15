/**
 * The WebSocket container of the stand-alone server: Tyrus's protocol engine on a Grizzly listener
 * of our own, with the handshake checked before the engine sees it and one writer per connection.
 * Used through {@link io.miststream.server.MistStreamServer}; not meant for applications.
 */
@NullMarked
package io.miststream.server.tyrus;

import org.jspecify.annotations.NullMarked;
