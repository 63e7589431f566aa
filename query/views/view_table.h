// The tables of the views' file.
#pragma once

// Rows and positions change in one transaction.
enum view_table {
    VIEW_TABLE_META,
    VIEW_TABLE_POSITIONS,
    VIEW_TABLE_INSTRUMENTS,
    VIEW_TABLE_HISTORY,
    VIEW_TABLE_COUNTS, // Of rows a log and user.
    VIEW_TABLE_USERS,
    VIEW_TABLE_SUBSCRIPTIONS,            // By user and id: those in force.
    VIEW_TABLE_SUBSCRIPTION_INSTRUMENTS, // By user, instrument and id.
    VIEW_TABLE_SUBSCRIPTION_ENDS,        // Versions of those that have ended, by user and id.
    VIEW_TABLE_COMMANDS,
    VIEW_TABLE_ACCOUNT_EXPIRY, // What is forgotten by age, in the order of time.
    VIEW_TABLE_ALERTS,
    VIEW_TABLE_ALERT_INSTRUMENTS,
    VIEW_TABLE_ALERT_IDS,
    VIEW_TABLE_NOTIFICATIONS,
    VIEW_TABLE_NOTIFICATION_IDS,
    VIEW_TABLE_NOTIFICATION_ALERTS, // By user, alert and log key.
    VIEW_TABLE_DELIVERIES,
    VIEW_TABLE_DELIVERY_NOTIFICATIONS, // By user, notification, attempt and place.
    VIEW_TABLE_COUNT,
};
