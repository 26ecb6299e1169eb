"""Slack's names of emoji: those in common use, not all 3,000. An unknown name stays as it was typed."""

from typing import Final

_TABLE: Final = """
white_check_mark ✅ heavy_check_mark ✔️ ballot_box_with_check ☑️ x ❌ negative_squared_cross_mark ❎ warning ⚠️ no_entry ⛔ no_entry_sign 🚫
bell 🔔 no_bell 🔕 hourglass ⌛ hourglass_flowing_sand ⏳ stopwatch ⏱️ alarm_clock ⏰ clock1 🕐 calendar 📆 date 📅 spiral_calendar_pad 🗓️
lock 🔒 unlock 🔓 closed_lock_with_key 🔐 key 🔑 shield 🛡️ gear ⚙️ wrench 🔧 hammer_and_wrench 🛠️ link 🔗 paperclip 📎 pushpin 📌
memo 📝 pencil 📝 pencil2 ✏️ clipboard 📋 page_facing_up 📄 file_folder 📁 card_index_dividers 🗂️ bookmark 🔖 books 📚 inbox_tray 📥
outbox_tray 📤 package 📦 email 📧 envelope ✉️ telephone_receiver 📞 speech_balloon 💬 loudspeaker 📢 mega 📣 mag 🔍 bulb 💡 computer 💻
bank 🏦 office 🏢 credit_card 💳 moneybag 💰 chart_with_upwards_trend 📈 bar_chart 📊 globe_with_meridians 🌐 earth_americas 🌎 house 🏠
rocket 🚀 tada 🎉 sparkles ✨ star ⭐ fire 🔥 zap ⚡ trophy 🏆 medal 🏅 dart 🎯 heart ❤️ broken_heart 💔 100 💯 eyes 👀 wave 👋
+1 👍 thumbsup 👍 -1 👎 thumbsdown 👎 ok_hand 👌 clap 👏 raised_hands 🙌 pray 🙏 handshake 🤝 muscle 💪 point_right 👉 point_left 👈
point_up ☝️ point_down 👇 raised_hand ✋ smile 😄 smiley 😃 grinning 😀 slightly_smiling_face 🙂 simple_smile 🙂 wink 😉 blush 😊 joy 😂
sweat_smile 😅 thinking_face 🤔 neutral_face 😐 disappointed 😞 cry 😢 sob 😭 rage 😡 scream 😱 sunglasses 😎 hugging_face 🤗 robot_face 🤖
red_circle 🔴 large_orange_circle 🟠 large_yellow_circle 🟡 large_green_circle 🟢 large_blue_circle 🔵 white_circle ⚪ black_circle ⚫
large_green_square 🟩 large_red_square 🟥 white_large_square ⬜ arrow_right ➡️ arrow_left ⬅️ arrow_up ⬆️ arrow_down ⬇️ repeat 🔁
arrows_counterclockwise 🔄 information_source ℹ️ question ❓ exclamation ❗ heavy_plus_sign ➕ heavy_minus_sign ➖ small_blue_diamond 🔹
one 1️⃣ two 2️⃣ three 3️⃣ four 4️⃣ five 5️⃣ six 6️⃣ seven 7️⃣ eight 8️⃣ nine 9️⃣ zero 0️⃣ flag-br 🇧🇷 flag-us 🇺🇸 construction 🚧 seedling 🌱
"""
_PARTS: Final = _TABLE.split()

EMOJI: Final[dict[str, str]] = dict(zip(_PARTS[::2], _PARTS[1::2], strict=True))


def emoji(name: str, unicode: str = "") -> str | None:
    """The character for a name, or for the code points in a rich text (`1f44b` or `1f468-200d-1f4bb`)."""
    if name in EMOJI:
        return EMOJI[name]
    try:
        return "".join(chr(int(point, 16)) for point in unicode.split("-")) if unicode else None
    except (ValueError, OverflowError):
        return None
