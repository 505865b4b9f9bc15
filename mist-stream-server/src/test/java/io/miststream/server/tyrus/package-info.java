/** Tests of the container's parts. */
@NullMarked
package io.miststream.server.tyrus;

import org.jspecify.annotations.NullMarked;
