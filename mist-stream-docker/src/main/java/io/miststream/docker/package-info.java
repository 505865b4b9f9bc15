/** Container logs, stats and deployments, read from a Docker engine. */
@NullMarked
package io.miststream.docker;

import org.jspecify.annotations.NullMarked;
