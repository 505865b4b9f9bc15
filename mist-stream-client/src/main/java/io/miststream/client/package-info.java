/**
 * A client for the mist-stream protocol: {@link io.miststream.client.MistStreamClient} is a source
 * of messages like any other, whose other end is a server.
 */
@NullMarked
package io.miststream.client;

import org.jspecify.annotations.NullMarked;
