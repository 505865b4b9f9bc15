/** Contract tests and fakes: put a source or a server through them. */
@NullMarked
package io.miststream.testkit;

import org.jspecify.annotations.NullMarked;
