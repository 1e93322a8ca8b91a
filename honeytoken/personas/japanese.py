"""People of Japan: family names after Faker's weights and more, given names by birth era.

The given names are our own compilation, an estimate that was not compared with any published list;
each with the reading that its local part uses.
"""

from __future__ import annotations

from .alphabetic import Alphabetic, Era
from .weighted import Weighted, ranked

_MORE_FAMILIES = (
    "中野 Nakano 原田 Harada 小野 Ono 田村 Tamura 竹内 Takeuchi 金子 Kaneko 和田 Wada 中山 "
    "Nakayama 石田 Ishida 上田 Ueda 森田 Morita 原 Hara 柴田 Shibata 酒井 Sakai 工藤 Kudo "
    "横山 Yokoyama 宮崎 Miyazaki 宮本 Miyamoto 内田 Uchida 高木 Takagi 安藤 Ando 谷口 "
    "Taniguchi 大野 Ono 丸山 Maruyama 今井 Imai 河野 Kono 藤本 Fujimoto 村田 Murata 武田 "
    "Takeda 上野 Ueno 杉山 Sugiyama 増田 Masuda 小山 Koyama 大塚 Otsuka 平野 Hirano 菅原 "
    "Sugawara 久保 Kubo 松井 Matsui 千葉 Chiba 岩崎 Iwasaki 桜井 Sakurai 木下 Kinoshita 野口 "
    "Noguchi 松尾 Matsuo 菊地 Kikuchi 野村 Nomura 新井 Arai 佐野 Sano 渡部 Watanabe 大西 "
    "Onishi 杉本 Sugimoto 古川 Furukawa 浜田 Hamada 市川 Ichikawa 小松 Komatsu 高野 Takano "
    "水野 Mizuno 山内 Yamauchi 吉川 Yoshikawa 西田 Nishida 菊池 Kikuchi 五十嵐 Igarashi 北村 "
    "Kitamura 安田 Yasuda 福島 Fukushima 川口 Kawaguchi 平田 Hirata 川崎 Kawasaki 飯田 Iida "
    "東 Higashi 本田 Honda 久保田 Kubota 沢田 Sawada 辻 Tsuji 関 Seki 吉村 Yoshimura 岩田 "
    "Iwata 中西 Nakanishi 服部 Hattori 土屋 Tsuchiya"
)
# Weight of the first of them, about that of the 51st family name (people, 2018).
_MORE_WEIGHT = 95_000.0

_MALE_UNTIL_1969 = (
    "博 hiroshi 茂 shigeru 誠 makoto 隆 takashi 浩 hiroshi 修 osamu 明 akira 清 kiyoshi 勝 "
    "masaru 進 susumu 稔 minoru 豊 yutaka 正 tadashi 実 minoru 弘 hiroshi 昇 noboru 勇 isamu "
    "和夫 kazuo 幸雄 yukio 正雄 masao 浩二 koji 健一 kenichi 英樹 hideki 和彦 kazuhiko 秀樹 "
    "hideki 正樹 masaki 孝 takashi 聡 satoshi 裕之 hiroyuki 雅彦 masahiko 剛 tsuyoshi 敏夫 "
    "toshio 義明 yoshiaki 昭 akira 賢治 kenji 武 takeshi 哲也 tetsuya 康弘 yasuhiro 光男 "
    "mitsuo 達也 tatsuya 洋一 yoichi 直樹 naoki 俊彦 toshihiko 英二 eiji 伸一 shinichi 克己 "
    "katsumi 守 mamoru"
)
_MALE_UNTIL_1989 = (
    "大輔 daisuke 誠 makoto 直樹 naoki 哲也 tetsuya 剛 tsuyoshi 健太 kenta 健一 kenichi 学 "
    "manabu 大介 daisuke 和也 kazuya 達也 tatsuya 健 ken 亮 ryo 拓也 takuya 翔太 shota 健太郎 "
    "kentaro 雄太 yuta 裕太 yuta 洋平 yohei 拓也 takuya 浩之 hiroyuki 隆 takashi 淳 jun 智也 "
    "tomoya 聡 satoshi 崇 takashi 和彦 kazuhiko 陽介 yosuke 雄介 yusuke 祐介 yusuke 慎也 "
    "shinya 秀樹 hideki 竜也 tatsuya 純一 junichi 正樹 masaki 大樹 daiki 孝之 takayuki 貴之 "
    "takayuki 光 hikaru 英樹 hideki 直人 naoto 亮太 ryota 伸也 shinya 賢一 kenichi 俊介 "
    "shunsuke 圭介 keisuke 優 yu 真一 shinichi 康平 kohei 隼人 hayato 良太 ryota 義之 "
    "yoshiyuki 章 akira 恵介 keisuke 誠司 seiji"
)
_MALE_SINCE_1990 = (
    "翔太 shota 翔 sho 大輝 daiki 大樹 daiki 拓海 takumi 蓮 ren 翼 tsubasa 健太 kenta 拓也 "
    "takuya 駿 shun 翔平 shohei 大翔 hiroto 颯太 sota 優斗 yuto 陸 riku 海斗 kaito 悠斗 yuto "
    "樹 itsuki 竜也 tatsuya 直樹 naoki 亮太 ryota 和樹 kazuki 達也 tatsuya 涼太 ryota 匠 "
    "takumi 優太 yuta 涼 ryo 航 wataru 悠真 yuma 蒼 ao 隼人 hayato 諒 ryo 一輝 kazuki 勇気 "
    "yuki 智也 tomoya 雄大 yudai 海翔 kaito 光 hikaru 祐樹 yuki 圭太 keita 貴大 takahiro 亮 "
    "ryo 元気 genki 龍之介 ryunosuke 悠人 yuto 晴 haru 健人 kento 楓 kaede 祐太 yuta 結翔 "
    "yuito 奏太 sota 瑛太 eita"
)
_FEMALE_UNTIL_1969 = (
    "洋子 yoko 恵子 keiko 京子 kyoko 幸子 sachiko 和子 kazuko 久美子 kumiko 由美子 yumiko "
    "裕子 yuko 真由美 mayumi 明美 akemi 節子 setsuko 美智子 michiko 智子 tomoko 直美 naomi "
    "陽子 yoko 恵美子 emiko 順子 junko 文子 fumiko 弘子 hiroko 典子 noriko 悦子 etsuko 由美 "
    "yumi 純子 junko 千代子 chiyoko 敏子 toshiko 美穂 miho 昌子 masako 早苗 sanae 美香 mika "
    "香織 kaori 理恵 rie 博子 hiroko 桂子 keiko 雅子 masako 美紀 miki 良子 ryoko 律子 ritsuko "
    "晴美 harumi 孝子 takako 玲子 reiko 真理子 mariko 富美子 fumiko 美和子 miwako 信子 nobuko "
    "里美 satomi 葉子 yoko"
)
_FEMALE_UNTIL_1989 = (
    "陽子 yoko 智子 tomoko 久美子 kumiko 裕子 yuko 恵 megumi 愛 ai 真由美 mayumi 香織 kaori "
    "恵美 emi 麻衣 mai 美穂 miho 美香 mika 純子 junko 直子 naoko 優子 yuko 綾 aya 綾子 ayako "
    "由香 yuka 理恵 rie 千尋 chihiro 舞 mai 彩 aya 麻美 asami 友美 tomomi 恵理 eri 真理 mari "
    "奈々 nana 亜希子 akiko 裕美 hiromi 絵美 emi 沙織 saori 美咲 misaki 早紀 saki 里美 satomi "
    "明日香 asuka 千春 chiharu 加奈 kana 梨沙 risa 瞳 hitomi 葵 aoi 由佳 yuka 麻由 mayu 有希 "
    "yuki 祐子 yuko 美和 miwa 典子 noriko 美奈子 minako 桃子 momoko 愛子 aiko 涼子 ryoko 幸恵 "
    "yukie"
)
_FEMALE_SINCE_1990 = (
    "美咲 misaki 愛 ai 彩 aya 葵 aoi 陽菜 hina 結衣 yui 萌 moe 七海 nanami 美優 miyu 桃子 "
    "momoko 彩香 ayaka 優花 yuka さくら sakura 麻衣 mai 千夏 chinatsu 愛美 manami 楓 kaede 舞 "
    "mai 里奈 rina 真央 mao 結菜 yuna 莉子 riko 美月 mizuki 茜 akane 瑞希 mizuki 未来 miku "
    "優奈 yuna 遥 haruka 明日香 asuka 美穂 miho 琴音 kotone 菜摘 natsumi 綾香 ayaka 沙也加 "
    "sayaka 凛 rin 美羽 miu 志保 shiho 栞 shiori 杏奈 anna 花音 kanon 愛莉 airi 玲奈 rena 心 "
    "kokoro 千尋 chihiro 詩織 shiori 優希 yuki 咲良 sakura 奈々 nana 日向子 hinako 芽衣 mei "
    "柚希 yuzuki 雪乃 yukino 真帆 maho 彩花 ayaka"
)
# Each era ends before this birth year.
_ERAS = (
    (1970, _MALE_UNTIL_1969, _FEMALE_UNTIL_1969),
    (1990, _MALE_UNTIL_1989, _FEMALE_UNTIL_1989),
    (9999, _MALE_SINCE_1990, _FEMALE_SINCE_1990),
)


def japanese() -> Alphabetic:
    """Return the model of ``ja-JP``."""
    from faker.providers.person.ja_JP import Provider

    romanized = {kanji: latin.lower() for kanji, _kana, latin in Provider.last_name_pairs}
    families = {kanji: float(people) for (kanji, *_), people in Provider.last_name_pairs.items()}
    more = _pairs(_MORE_FAMILIES)
    for rank, name in enumerate(more):
        families.setdefault(name, _MORE_WEIGHT / (1 + rank / 60))
    romanized |= more
    eras = []
    for born_before, male, female in _ERAS:
        men, women = _pairs(male), _pairs(female)
        romanized |= men | women
        eras.append(
            Era(born_before, Weighted(ranked(men, flat=15)), Weighted(ranked(women, flat=15)))
        )
    return Alphabetic("ja-JP", Weighted(families), tuple(eras), _full_name, romanized)


def _full_name(family_name: str, given_name: str) -> str:
    return f"{family_name} {given_name}"


def _pairs(text: str) -> dict[str, str]:
    words = text.split()
    return dict(zip(words[::2], (reading.lower() for reading in words[1::2]), strict=True))
