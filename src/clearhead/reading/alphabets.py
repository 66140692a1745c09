"""Which characters are frequent in a language: enough to tell text from text in the wrong encoding.

The syllables and Chinese characters are about the 150 and 300 most frequent ones. They are a third to two thirds of any
text, but of text in the wrong encoding a hundredth or so: there are 11,172 syllables and 20,902 characters.
"""

from typing import Final

KOREAN: Final = (
    "이다는을의에가고한하지사자그로기를은서도어리나시인해대과아정들있것수라부만일보제주전상장스여소구원거공성조게안생무동오신비국"
    "경니용물중관유면지방요세녕습했된않없까네내모선트진개계산미우건위치적학마음때말데간년식화발실문분연강남당았었저습났좋먹집밥"
)
# All of hiragana and katakana (not those of half width, which any byte may be), their signs, and frequent characters.
JAPANESE: Final = "".join(
    [
        *map(chr, range(0x3041, 0x3094)),
        *map(chr, range(0x30A1, 0x30F7)),
        "ー、。「」日一人年大国本中出上生会時行分者月見私今前学話言",
    ]
)
SIMPLIFIED: Final = (
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家种事成方"
    "多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实日军者意无力它与长把机十民第公此已工使情"
    "明性知全三又关点正业外将两高间由问很最重并物手应战向头文体政美相见被利什二等产或新己制身果加西斯月话合回特代内信表化老给"
    "世位次度门任常先海通教儿原东声提立及比员解水名真论处走义各入几口认条平系气题活尔更别打女变四神总何电数安少报才结反受目太"
    "量再感建务做接必场件计管期市直德资命山金指克许统区保至队形社便空决治展马科司五基眼书非则听白却界达光放强即像难且权思王象"
    "，。、"
)
TRADITIONAL: Final = (
    "的一是不了在人有我他這個們中來上大為和國地到以說時要就出會可也你對生能而子那得於著下自之年過發後作裡用道行所然家種事成方"
    "多經麼去法學如都同現當沒動面起看定天分還進好小部其些主樣理心她本前開但因只從想實日軍者意無力它與長把機十民第公此已工使情"
    "明性知全三又關點正業外將兩高間由問很最重並物手應戰向頭文體政美相見被利什二等產或新己制身果加西斯月話合回特代內信表化老給"
    "世位次度門任常先海通教兒原東聲提立及比員解水名真論處走義各入幾口認條平系氣題活爾更別打女變四神總何電數安少報才結反受目太"
    "量再感建務做接必場件計管期市直德資命山金指克許統區保至隊形社便空決治展馬科司五基眼書非則聽白卻界達光放強即像難且權思王象"
    "，。、"
)
CYRILLIC: Final = "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъёіїєґўђјљњћџ"
GREEK: Final = "αοιετσνηυρςπκμλωδγχθφβξζψάέήίόύώϊϋΐΰ"
HEBREW: Final = "יוהלאמרתבשנדכחעםפקטגזסצןךףץ"
ARABIC: Final = "اليمونرتبةعدفسهكقأحجشطصخإىذزثئضغءظؤآپچژگ،؟"
THAI: Final = "านรอกเงมยลวดทสตะปบคหแจพชขใไโผณซธภศษฐถฟฉฮฝฆญฎฏฑฒฌฬฤฦฯะัาำิีึืฺุูๅๆ็่้๊๋์ํ๎"
# Letters that are not ASCII, of one language or of neighbours each.
WESTERN: Final = (
    "éèàêçâîôûùëïüœæÿ", "äöüß", "áéíóúñü¿¡ºª", "áâãàçéêíóôõúü", "àèéìíîòóùú", "åäöæøé", "áéíóúýþæöð", "éëïöüáóèê",
)  # fmt: skip
CENTRAL: Final = "ąćęłńóśźż", "áčďéěíňóřšťúůýž", "áäčďéíĺľňóôŕšťúýž", "áéíóöőúüű", "ăâîșțşţ", "čćđšž"
# The lower case of İ is i and a dot of its own.
TURKISH: Final = ("çğıöşüâîû\u0307",)
# What word processors put in the place of plain quotes, hyphens and spaces.
TYPOGRAPHIC: Final = frozenset("’‘“”„«»–—…•€°\u00a0")
