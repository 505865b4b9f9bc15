/**
 * Reading what a request asks for. Used by the endpoints and routes; not meant for applications.
 */
@NullMarked
package io.miststream.server.query;

import org.jspecify.annotations.NullMarked;
