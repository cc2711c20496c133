"""``python -m campaign_fsm`` is `campaign-fsm`."""

from campaign_fsm.cli import main

main()
