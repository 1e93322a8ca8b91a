"""Files as phones and carriers write them, made up: every number is nobody's."""

from __future__ import annotations

CALLS_XML = """<?xml version='1.0' encoding='UTF-8' standalone='yes' ?>
<!--File Created By SMS Backup & Restore v10.20.002 on 02/03/2026 08:00:00-->
<?xml-stylesheet type="text/xsl" href="calls.xsl"?>
<calls count="7" backup_set="5f0c" backup_date="1772438400000" type="full">
  <call number="+447700900999" duration="43" date="1772352000000" type="1" presentation="1" \
subscription_id="1" post_dial_digits="" readable_date="1 Mar 2026 08:00:00" \
contact_name="(Unknown)" />
  <call number="+447700900998" duration="0" date="1772352600000" type="3" presentation="1" \
subscription_id="1" readable_date="1 Mar 2026 08:10:00" contact_name="Anna" />
  <call number="" duration="5" date="1772353200000" type="1" presentation="2" \
subscription_id="1" readable_date="1 Mar 2026 08:20:00" contact_name="null" />
  <call number="-2" duration="0" date="1772353800000" type="5" presentation="1" \
subscription_id="1" readable_date="1 Mar 2026 08:30:00" contact_name="(Unknown)" />
  <call number="+447700900997" duration="12" date="1772354400000" type="2" presentation="1" \
subscription_id="1" readable_date="1 Mar 2026 08:40:00" contact_name="(Unknown)" />
  <call number="+447700900996" duration="9" date="1772355000000" type="4" presentation="1" \
subscription_id="1" readable_date="1 Mar 2026 08:50:00" contact_name="(Unknown)" />
  <call number="+447700900995" duration="0" date="1772355600000" type="6" presentation="1" \
subscription_id="1" readable_date="1 Mar 2026 09:00:00" contact_name="(Unknown)" />
</calls>
"""

SMSES_XML = """<?xml version='1.0' encoding='UTF-8' standalone='yes' ?>
<smses count="4" backup_set="5f0d" backup_date="1772438400000" type="full">
  <sms protocol="0" address="10690000000001" date="1772352000123" type="1" subject="null" \
body="【圆通速递】您的包裹已到 &#55357;&#56832; &amp; &lt;待取&gt;&#10;第二行" toa="null" \
sc_toa="null" service_center="null" read="1" status="-1" locked="0" date_sent="1772351999000" \
sub_id="2" readable_date="2026年3月1日 16:00:00" contact_name="(Unknown)" />
  <sms protocol="0" address="+8615400000002" date="1772352060000" type="2" subject="null" \
body="好的" toa="null" sc_toa="null" service_center="null" read="1" status="-1" locked="0" \
sub_id="2" readable_date="2026年3月1日 16:01:00" contact_name="张三" />
  <mms text_only="1" sub="null" ct_t="application/vnd.wap.multipart.related" \
date="1772352120000" msg_box="1" address="+8615400000003~+8615400000001" m_type="132" \
sub_id="2" readable_date="2026年3月1日 16:02:00" contact_name="(Unknown)">
    <parts>
      <part seq="-1" ct="application/smil" name="null" chset="null" text="&lt;smil/&gt;" />
      <part seq="0" ct="image/jpeg" name="a.jpg" chset="null" text="null" data="QUJD" />
      <part seq="0" ct="text/plain" name="t.txt" chset="106" text="恭喜您获得额度" />
    </parts>
    <addrs>
      <addr address="+8615400000003" type="137" charset="106" />
      <addr address="+8615400000001" type="151" charset="106" />
    </addrs>
  </mms>
  <mms sub="null" date="1772352180000" msg_box="2" address="+8615400000004" \
readable_date="" contact_name="(Unknown)"><parts></parts><addrs></addrs></mms>
</smses>
"""

#: What an exporter of a Chinese phone writes.
CALLS_CHINESE = """姓名,电话号码,通话类型,通话时间,通话时长,归属地
,15400000002,呼入,2026-03-01 16:00:00,00:00:43,广东深圳
未知,未知号码,未接来电,2026/3/1 16:10,0,
张三,+86 154 0000 0003,呼出,2026年3月1日 下午4:20:00,1分23秒,北京
骚扰,０１０－５５５５０１００,已拒接,2026年3月1日 16:30:00,0秒,北京
"""

SMS_CHINESE = """号码,联系人,时间,类型,内容
10690000000001,,2026-03-01 16:00:00,接收,"【圆通速递】您的包裹已到,请取件"
15400000002,张三,2026-03-01 16:01:00,发送,好的
"""

CALLS_ENGLISH = """Name,Number,Date,Time,Type,Duration
,+447700900999,"Mar 1, 2026",8:00:00 AM,Incoming,0:43
Anna,'07700900998,"Mar 1, 2026",8:10:00 AM,Missed,0:00
,+447700900997,"Mar 1, 2026",8:40:00 PM,Outgoing,1:02:03
,Private number,"Mar 1, 2026",8:50:00 PM,Rejected,0
"""

SMS_ENGLISH = """Date;From;To;Message
2026-03-01T08:00:00Z;+447700900999;+447700900001;Your loan is approved; =1+1
"""

#: 中国移动: number and period above, a second section below.
CHINA_MOBILE = """中国移动通信客户详单,,,,,,,
客户姓名：*测,手机号码：15400000001,,,,,,
查询周期：2026年03月01日-2026年03月31日,,,,,,,
,,,,,,,
起始时间,通信地点,通信方式,对方号码,通信时长,通信类型,套餐优惠,实收通信费(元)
03-01 16:00:00,深圳,被叫,15400000002,43秒,国内通话,,0.00
03-01 16:20:00,深圳,主叫,15400000003,1分23秒,国内通话,,0.15
03-02 09:00:00,深圳,被叫,075555501000,1小时2分3秒,国内通话,,0.00
合计,,,,,,,0.15
,,,,,,,
起始时间,通信地点,对方号码,通信方式,信息类型,业务名称,套餐优惠,通信费(元)
03-01 16:05:00,深圳,10690000000001,接收,短信,,,0.00
03-01 16:06:00,深圳,15400000002,发送,短信,,,0.10
合计,,,,,,,0.10
"""

CHINA_UNICOM = """\
序号\t呼叫类型\t通话日期\t通话起始时间\t通话时长\t对方号码\t本机通话地\t通话类型\t费用
1\t被叫\t20260301\t16:00:00\t43\t15400000002\t深圳\t国内通话\t0.00
2\t主叫\t20260301\t16:20:00\t83\t15400000003\t深圳\t国内通话\t0.15
"""

CHINA_TELECOM = """主叫号码,被叫号码,开始时间,时长(秒),通话类型,费用(元)
15400000002,15400000001,2026-03-01 16:00:00,43,本地,0.00
15400000001,15400000003,2026-03-01 16:20:00,83,本地,0.15
"""

ITEMISED_BILL = """Account number,A-1
Mobile number,07700 900001
Date,Time,Number,Destination,Minutes,Charge
13/03/2026,08:00,+447700900999,INCOMING,2,0.00
01/03/2026,08:20,+447700900997,London,1.5,£0.15
Total,,,,3.5,£0.15
"""
