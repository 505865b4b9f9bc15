/** A Docker engine for tests, and containers on it that do what a test tells them. */
@NullMarked
package io.miststream.docker.testing;

import org.jspecify.annotations.NullMarked;
