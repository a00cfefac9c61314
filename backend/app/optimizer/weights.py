"""What orders plans beside money: penalties for limits that give way, and what breaks ties. All in yardsticks, and in no bill."""

OVER_LIMIT_PER_KWH = 100.0
"""For a kWh above what the connection may carry: above any price, so only what cannot be met otherwise pays it."""
BELOW_RESERVE_PER_KWH_HOUR = 1.0
"""For each kWh missing below the reserve, per hour: dearer than usual prices, so a reserve is restored at once."""
ABOVE_LIMIT_PER_KWH_HOUR = 0.001
"""Above the wished limit: resting too full wears a little; it is no reason to sell at a loss."""
BESIDE_WISH_PER_KWH = 1.0
"""For each kWh by which a slot ends below or above what is wished for it: dearer than usual prices, whatever the slot's length."""
LATE_PER_KWH_HOUR = 5e-6
"""For each kWh bought or sold, per hour before the end: a fortieth of a penny in two days. So equal prices are used in one run, nothing is
bought that is not needed yet, and sun is stored before it is sold."""
TIE_PER_KWH = 1e-6
"""A ten-thousandth of a penny: so that nothing flows for nothing."""
EASED_SHARE = 0.02
"""Share of the capacity by which a measured charge may lie below the reserve before energy is bought for it: a sensor's last percents."""
