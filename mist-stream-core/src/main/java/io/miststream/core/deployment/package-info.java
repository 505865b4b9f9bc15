/**
 * Deployments: the journal that is their stream, those who report to it, and the queue that lets
 * one at a time happen to an app.
 */
@NullMarked
package io.miststream.core.deployment;

import org.jspecify.annotations.NullMarked;
