/**
 * The server's own figures, for Prometheus. Used by the stand-alone server; not meant for
 * applications.
 */
@NullMarked
package io.miststream.server.prometheus;

import org.jspecify.annotations.NullMarked;
