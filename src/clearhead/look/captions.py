"""What pictures say, in every language that they speak; the page's words for the same things."""

from clearhead.errors import UsageError

CAPTIONS = {
    "en": {
        "self_attention": "Self-attention",
        "cross_attention": "Encoder-decoder attention",
        "head": "head {number}",
        "heads": "{count} heads",
        "encoder": "Encoder, layer {number}",
        "decoder": "Decoder, layer {number}",
        "from.encoder": "queries: source",
        "from.decoder": "queries: target",
        "to.encoder": "keys: source",
        "to.decoder": "keys: target",
        "weight": "attention weight",
        "value": "value",
        "masked": "masked (−∞ before the softmax)",
        "positions": "Positional encoding",
        "positions.sinusoidal": "sines and cosines in turn, as in the paper",
        "positions.sinusoidal-concatenated": "all sines, then all cosines, as in tensor2tensor",
        "positions.sinusoidal-halves": "all sines, then all cosines, as in Marian",
        "positions.learned": "learned",
        "positions.size": "{positions} positions × width {width}",
        "position": "position",
        "dimension": "dimension",
        "beam": "Beam search",
        "beam.size": "beam of {size}; each row is one time step",
        "beam.score": "number: score (log-probability, length penalty {penalty})",
        "won": "won",
        "live": "was continued",
        "finished": "ended, but lost",
        "dropped": "dropped",
        "stopped": "stopped at the end",
        "curves": "Training",
        "curves.best": "upright line: the best validation, at step {step}",
        "curves.loss": "loss, nats",
        "curves.scores": "scores on the validation set",
        "curves.rate": "learning rate",
        "curves.training": "training",
        "curves.validation": "validation",
        "curves.old": "old validation",
    },
    "ko": {
        "self_attention": "셀프 어텐션",
        "cross_attention": "인코더-디코더 어텐션",
        "head": "헤드 {number}",
        "heads": "헤드 {count}개",
        "encoder": "인코더 {number}층",
        "decoder": "디코더 {number}층",
        "from.encoder": "쿼리: 원문",
        "from.decoder": "쿼리: 번역",
        "to.encoder": "키: 원문",
        "to.decoder": "키: 번역",
        "weight": "어텐션 가중치",
        "value": "값",
        "masked": "가려짐 (소프트맥스 전에 −∞)",
        "positions": "위치 인코딩",
        "positions.sinusoidal": "사인과 코사인을 번갈아 (논문)",
        "positions.sinusoidal-concatenated": "사인 전부, 그다음 코사인 전부 (tensor2tensor)",
        "positions.sinusoidal-halves": "사인 전부, 그다음 코사인 전부 (Marian)",
        "positions.learned": "학습된 위치 인코딩",
        "positions.size": "위치 {positions}개 × 폭 {width}",
        "position": "위치",
        "dimension": "차원",
        "beam": "빔 탐색",
        "beam.size": "빔 {size}, 한 줄이 시간 단계 하나",
        "beam.score": "숫자: 점수 (로그 확률, 길이 페널티 {penalty})",
        "won": "최종 선택",
        "live": "이어짐",
        "finished": "끝났지만 탈락",
        "dropped": "버려짐",
        "stopped": "마지막에 멈춤",
        "curves": "학습",
        "curves.best": "세로선: 가장 좋은 검증, {step}스텝",
        "curves.loss": "손실 (nat)",
        "curves.scores": "검증 세트의 점수",
        "curves.rate": "학습률",
        "curves.training": "학습",
        "curves.validation": "검증",
        "curves.old": "이전 과제 검증",
    },
}


class Captions:
    """`say("head", number=3)`: a text in one language, with its places filled in."""

    def __init__(self, language: str) -> None:
        """Raises UsageError for a language that is not spoken here."""
        if language not in CAPTIONS:
            raise UsageError(f"language={language!r} is not known; choose one of {', '.join(CAPTIONS)}")
        self._texts = CAPTIONS[language]

    def __call__(self, key: str, **values: object) -> str:
        return self._texts[key].format(**values)
