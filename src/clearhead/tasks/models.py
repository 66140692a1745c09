"""The models that tasks make, by the one name that the rooms above have for them."""

from clearhead.model import DecoderOnly, EncoderDecoder, EncoderOnly

Model = EncoderDecoder | DecoderOnly | EncoderOnly
