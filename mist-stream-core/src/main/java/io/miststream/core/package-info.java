/**
 * What flows and who produces it: the messages, the requests for them, the cursor a client resumes
 * from, and the interfaces a provider implements.
 */
@NullMarked
package io.miststream.core;

import org.jspecify.annotations.NullMarked;
