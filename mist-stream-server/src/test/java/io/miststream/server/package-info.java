/** Tests of the endpoints and the stand-alone server, against sources in memory. */
@NullMarked
package io.miststream.server;

import org.jspecify.annotations.NullMarked;
