/* What Python calls, each by a name that begins with `ch_`. Everything else stays inside: the library is compiled with
   -fvisibility=hidden. And what is called inside is this library's own, whatever functions of the same name others have
   loaded before: the word for that is `protected`, where the format of libraries knows it. */
#ifndef CLEARHEAD_EXPORTS_H
#define CLEARHEAD_EXPORTS_H

#ifdef __ELF__
#define EXPORT __attribute__((visibility("protected")))
#else
#define EXPORT __attribute__((visibility("default")))
#endif

/* What a function answers where it does nothing, since memory is short or since it was given what is not there.
   crossing.py makes errors of them. */
enum refusal { DONE = 0, NO_MEMORY = -1, NO_SUCH_ID = -2, NO_SUCH_POSITION = -3, NO_SUCH_ROW = -4, NO_SUCH_SIZE = -5 };

#endif
