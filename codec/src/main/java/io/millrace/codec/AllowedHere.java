package io.millrace.codec;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Marks the named places where a call that the build forbids elsewhere (system clock, printing, sleeping) is the point:
 * a composition root or the command line.
 */
@Retention(RetentionPolicy.CLASS)
@Target({ElementType.TYPE, ElementType.METHOD, ElementType.CONSTRUCTOR})
public @interface AllowedHere {
    /** The reason why the call stands here and nowhere else. */
    String value();
}
