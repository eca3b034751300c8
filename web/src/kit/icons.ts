// The icons in use, imported one by one (the whole set has five thousand). Some have a fixed meaning, which their
// name here says; see also Icon.tsx. Tabler Icons, MIT.

export { default as IconAttach } from '@tabler/icons-react/dist/esm/icons/IconPaperclip.mjs';
export { default as IconBack } from '@tabler/icons-react/dist/esm/icons/IconChevronLeft.mjs';
export { default as IconBell } from '@tabler/icons-react/dist/esm/icons/IconBell.mjs';
export { default as IconBellOff } from '@tabler/icons-react/dist/esm/icons/IconBellOff.mjs';
/** Cases. */
export { default as IconCase } from '@tabler/icons-react/dist/esm/icons/IconScale.mjs';
export { default as IconClock } from '@tabler/icons-react/dist/esm/icons/IconClock.mjs';
export { default as IconClose } from '@tabler/icons-react/dist/esm/icons/IconX.mjs';
export { default as IconConnected } from '@tabler/icons-react/dist/esm/icons/IconWifi.mjs';
export { default as IconCopy } from '@tabler/icons-react/dist/esm/icons/IconCopy.mjs';
export { default as IconDevice } from '@tabler/icons-react/dist/esm/icons/IconDeviceLaptop.mjs';
export { default as IconDone } from '@tabler/icons-react/dist/esm/icons/IconCircleCheck.mjs';
export { default as IconDownload } from '@tabler/icons-react/dist/esm/icons/IconDownload.mjs';
export { default as IconEmoji } from '@tabler/icons-react/dist/esm/icons/IconMoodSmile.mjs';
export { default as IconFile } from '@tabler/icons-react/dist/esm/icons/IconFileText.mjs';
export { default as IconInvite } from '@tabler/icons-react/dist/esm/icons/IconUserPlus.mjs';
export { default as IconKey } from '@tabler/icons-react/dist/esm/icons/IconKey.mjs';
/** Somebody whom one ignores. */
export { default as IconIgnored } from '@tabler/icons-react/dist/esm/icons/IconUserOff.mjs';
export { default as IconLatest } from '@tabler/icons-react/dist/esm/icons/IconArrowDown.mjs';
/** Encrypted or sealed; never for "safe". */
export { default as IconLock } from '@tabler/icons-react/dist/esm/icons/IconLock.mjs';
export { default as IconMeeting } from '@tabler/icons-react/dist/esm/icons/IconVideo.mjs';
export { default as IconMore } from '@tabler/icons-react/dist/esm/icons/IconDots.mjs';
export { default as IconNew } from '@tabler/icons-react/dist/esm/icons/IconPencil.mjs';
/** Not confirmed. */
export { default as IconNotConfirmed } from '@tabler/icons-react/dist/esm/icons/IconCircleDashed.mjs';
export { default as IconOffline } from '@tabler/icons-react/dist/esm/icons/IconWifiOff.mjs';
export { default as IconPeople } from '@tabler/icons-react/dist/esm/icons/IconUsers.mjs';
export { default as IconPerson } from '@tabler/icons-react/dist/esm/icons/IconUser.mjs';
export { default as IconPhone } from '@tabler/icons-react/dist/esm/icons/IconDeviceMobile.mjs';
/** Where data lives. */
export { default as IconPlace } from '@tabler/icons-react/dist/esm/icons/IconMapPin.mjs';
export { default as IconPrint } from '@tabler/icons-react/dist/esm/icons/IconPrinter.mjs';
/** Reached: a device says that it has it. */
export { default as IconReached } from '@tabler/icons-react/dist/esm/icons/IconCheck.mjs';
/** Read by a person. */
export { default as IconRead } from '@tabler/icons-react/dist/esm/icons/IconEyeCheck.mjs';
/** The public record, and what was done with power. */
export { default as IconRecord } from '@tabler/icons-react/dist/esm/icons/IconRubberStamp.mjs';
export { default as IconRooms } from '@tabler/icons-react/dist/esm/icons/IconMessageCircle.mjs';
/** Saved by the server. */
export { default as IconSaved } from '@tabler/icons-react/dist/esm/icons/IconServer.mjs';
export { default as IconSearch } from '@tabler/icons-react/dist/esm/icons/IconSearch.mjs';
/** What others see. */
export { default as IconSeen } from '@tabler/icons-react/dist/esm/icons/IconEye.mjs';
/** Still here, on this device. */
export { default as IconStillHere } from '@tabler/icons-react/dist/esm/icons/IconStopwatch.mjs';
export { default as IconThread } from '@tabler/icons-react/dist/esm/icons/IconMessages.mjs';
/** To sign. */
export { default as IconSign } from '@tabler/icons-react/dist/esm/icons/IconWritingSign.mjs';
/** A warrant. */
export { default as IconWarrant } from '@tabler/icons-react/dist/esm/icons/IconRubberStamp.mjs';
/** Verified by a person, or signed by their own key. */
export { default as IconVerified } from '@tabler/icons-react/dist/esm/icons/IconShieldCheck.mjs';
/** Somebody has to look at this. */
export { default as IconWarning } from '@tabler/icons-react/dist/esm/icons/IconAlertTriangle.mjs';
/** Withheld or failed. */
export { default as IconWithheld } from '@tabler/icons-react/dist/esm/icons/IconAlertOctagon.mjs';
