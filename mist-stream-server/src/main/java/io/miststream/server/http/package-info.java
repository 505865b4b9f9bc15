/**
 * The plain HTTP routes on the same port. Used through {@link
 * io.miststream.server.MistStreamServer}; not meant for applications.
 */
@NullMarked
package io.miststream.server.http;

import org.jspecify.annotations.NullMarked;
