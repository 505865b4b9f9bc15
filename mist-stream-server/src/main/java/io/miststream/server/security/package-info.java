/**
 * Who is asking, and what they may see and do. An application that embeds or starts the server can
 * bring its own {@link io.miststream.server.security.Authenticator} and {@link
 * io.miststream.server.security.AccessPolicy}.
 */
@NullMarked
package io.miststream.server.security;

import org.jspecify.annotations.NullMarked;
