"""What a drill says: everyday words that nobody else would send. Pure but for chance.

A carrier, a spam filter or a thief who reads along sees somebody's shopping list. Each text holds
four of 128 things (in order, 27.9 bits), a time in steps of five minutes (7.2 bits) and a number
from 2 to 97 (6.6 bits): no two drills are alike, and nobody can guess one that is under way. One
SMS each: at most 160 characters of GSM 7 bit, or 70 of any other script.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

_CHINESE = (
    "带{a}、{b}、{c}和{d},{time}在{n}号桌等你",
    "记得买{a}、{b}、{c}还有{d},我{time}到{n}号门",
    "{time}出发,{a}、{b}、{c}、{d}放{n}号柜里了",
    "清单:{a}、{b}、{c}、{d}。{time}前送到{n}室",
    "家里没有{a}和{b}了,顺便带点{c}、{d},{time}在{n}路车站见",
    "{a}、{b}已买,还差{c}和{d},约{time},{n}号摊位",
)
_ENGLISH = (
    "Could you get {a}, {b}, {c} and {d}? I'll be at gate {n} by {time}.",
    "We are out of {a}, {b} and {c}, also {d}. Back at {time}, locker {n}.",
    "Left the {a}, {b}, {c} and {d} at desk {n}. Please collect before {time}.",
    "Table {n} at {time}. I'll bring {a} and {b}, you bring {c} and {d}.",
    "List for {time}: {a}, {b}, {c}, {d}. Stall {n} has the best ones.",
    "Bus {n} leaves at {time}. Don't forget {a}, {b}, {c} and {d}.",
)
_CHINESE_LIST = (
    "苹果 香蕉 橙子 柠檬 葡萄 西瓜 草莓 樱桃 桃子 梨 菠萝 芒果 柚子 石榴 枣 核桃 "
    "花生 瓜子 栗子 杏仁 白菜 菠菜 芹菜 韭菜 生菜 萝卜 土豆 红薯 山药 莲藕 冬瓜 南瓜 "
    "黄瓜 丝瓜 苦瓜 茄子 番茄 辣椒 大葱 生姜 大蒜 香菜 木耳 香菇 豆腐 豆芽 豆角 毛豆 "
    "玉米 大米 小米 面粉 面条 粉丝 馒头 饺子 馄饨 年糕 粽子 包子 面包 饼干 蛋糕 酸奶 "
    "牛奶 鸡蛋 鸭蛋 牛肉 羊肉 鸡翅 排骨 火腿 带鱼 鲫鱼 虾仁 螃蟹 海带 紫菜 食盐 白糖 "
    "酱油 陈醋 香油 花椒 八角 桂皮 蜂蜜 茶叶 咖啡 豆浆 果汁 汽水 筷子 勺子 盘子 杯子 "
    "菜板 锅盖 围裙 抹布 拖把 扫帚 水桶 脸盆 毛巾 牙刷 牙膏 肥皂 梳子 镜子 雨伞 手套 "
    "袜子 围巾 帽子 拖鞋 衣架 针线 剪刀 胶带 电池 灯泡 蜡烛 火柴 铅笔 橡皮 信封 台历"
)
_ENGLISH_LIST = (
    "apples bananas oranges lemons grapes melons cherries peaches pears plums figs dates "
    "walnuts peanuts almonds raisins carrots onions leeks beans peas lentils radishes beets "
    "turnips potatoes parsnips pumpkins cucumbers tomatoes peppers olives capers mushrooms "
    "cabbages spinach celery fennel garlic ginger parsley basil mint thyme oats rice flour "
    "noodles bagels muffins pancakes biscuits crackers pretzels yoghurt butter cheese cream "
    "eggs sausages ham bacon salmon herring prawns mussels syrup jam mustard vinegar salt "
    "sugar cocoa coffee tea juice soda forks spoons plates cups bowls trays jugs jars corks "
    "towels napkins sponges brushes brooms buckets mops soap combs mirrors umbrellas gloves "
    "socks scarves hats slippers hangers needles buttons scissors tape batteries bulbs "
    "candles matches pencils rubbers envelopes stamps ribbons ropes hooks nails screws paint "
    "ladders hoses seeds pots rakes kettles lamps"
)
_CHINESE_THINGS, _ENGLISH_THINGS = _CHINESE_LIST.split(), _ENGLISH_LIST.split()
_SUBJECTS = {
    True: ("清单", "今天", "别忘了", "买东西", "晚点见", "关于今天"),
    False: ("List", "Today", "Don't forget", "Shopping", "See you later", "About today"),
}
_TIMES = [f"{hour}:{minute:02d}" for hour in range(9, 21) for minute in range(0, 60, 5)]
_NUMBERS = range(2, 98)
_WRITTEN_IN_CHINESE = frozenset({"CN"})


@dataclass(frozen=True, slots=True)
class Words:
    """What one drill says."""

    #: Of a mail.
    subject: str
    #: The whole text, by which it is recognised.
    text: str


def words(region: str, rng: random.Random) -> Words:
    """Return what to say to a contact point of a country: Chinese in China, else English.

    Args:
        region: ISO 3166-1 alpha-2.
        rng: ``random.SystemRandom()``, or one with a seed in tests.
    """
    chinese = region in _WRITTEN_IN_CHINESE
    things = rng.sample(_CHINESE_THINGS if chinese else _ENGLISH_THINGS, 4)
    text = rng.choice(_CHINESE if chinese else _ENGLISH).format(
        **dict(zip("abcd", things, strict=True)), time=rng.choice(_TIMES), n=rng.choice(_NUMBERS)
    )
    return Words(rng.choice(_SUBJECTS[chinese]), text)


def entropy_bits(region: str) -> float:
    """Return how many bits one must guess, the sentence known."""
    things = len(_CHINESE_THINGS if region in _WRITTEN_IN_CHINESE else _ENGLISH_THINGS)
    return math.log2(math.perm(things, 4) * len(_TIMES) * len(_NUMBERS))
