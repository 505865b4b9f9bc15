/** How the host is doing, read with OSHI and from the kernel's control groups. */
@NullMarked
package io.miststream.metrics;

import org.jspecify.annotations.NullMarked;
