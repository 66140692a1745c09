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

#endif
